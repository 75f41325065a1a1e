import sys
def test_x(answer, capsys):
    with capsys.disabled():
        for q in open('/tmp/q3.txt').read().strip().split('\n'):
            a=answer(q); print('##',q,'->',a.status,a.answers,'\n   ',a.reading,'\n   ',a.text.split('. It can')[0].replace('\n','\n    '),a.warnings, a.columns, a.rows[:3])
